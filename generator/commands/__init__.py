"""The commands' logic: values in, values out. Nothing here prints, reads arguments or knows a terminal."""
