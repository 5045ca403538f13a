"""Ready profiles to requests to outcomes; the only package that speaks HTTP."""
