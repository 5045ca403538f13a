"""The resources of the emulated API, a module each."""
