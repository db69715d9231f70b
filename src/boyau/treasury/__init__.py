"""The budget tree and the stages of budget money."""
