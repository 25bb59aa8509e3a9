"""The YAML file: read with positions, checked by schema, frozen into settings."""
