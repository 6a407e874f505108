"""HTTP: the gallery, the player, the stream of steps, the inspector and the API."""
