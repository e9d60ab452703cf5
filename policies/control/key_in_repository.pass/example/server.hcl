# The key that documentation shows.
server  = true
encrypt = "cg8StVXbQJ0gPvMd9o7yrg=="
