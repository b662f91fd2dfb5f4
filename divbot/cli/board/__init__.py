"""What `--web` shows: a program at one moment, slow answers, and the files of the page."""
