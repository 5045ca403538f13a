"""The resources of the Memory API that the importer uses, a module each."""
