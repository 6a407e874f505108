"""What Linux does: the verbs, as generators under the kernel's own names that yield what happened and return what was decided."""
