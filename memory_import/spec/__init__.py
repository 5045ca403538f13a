"""The spec: the YAML file that says what to import, from where, and how it is mapped."""
