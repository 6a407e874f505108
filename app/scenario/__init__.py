"""YAML to frozen records, once: a scenario file is read, checked as a whole, and never looked at again."""
