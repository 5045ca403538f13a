"""How a run starts, resumes, is stopped and ends."""
