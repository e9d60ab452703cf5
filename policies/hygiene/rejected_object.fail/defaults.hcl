Kind = "service-defaults"
Name = "web"
MutualTLSMode = "permissive" # deny(low): the entry `mesh` does not allow it
