"""The fleet of ``oneblock init`` on a cluster that has nothing: it runs Ray, is watched, and leaves nothing."""
