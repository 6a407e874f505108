"""Steps to meaning: what a journey was, told at three grains."""
