"""The few pages that the service needs to let people in. What they see once inside is the web face's."""
