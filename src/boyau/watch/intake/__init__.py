"""The way in: files of any OCDS form, whole or broken, become releases of the model and a list of what was wrong."""
