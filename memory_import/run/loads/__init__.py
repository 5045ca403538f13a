"""What a run does for each load: stage its rows, resolve persons and profiles, deliver."""
