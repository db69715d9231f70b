"""Published budget execution: read exactly, checked against itself, turned into the stages of budget money."""
