"""Translation: written once into the reply tuple, applied where the kernel applies it, undone for every answer (R5, R7)."""
