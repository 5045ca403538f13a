"""Values read from cells: texts, numbers, booleans, times, arrays, whole traits."""
