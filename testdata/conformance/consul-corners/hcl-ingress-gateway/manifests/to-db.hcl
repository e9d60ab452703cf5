Kind = "service-intentions"
Name = "db"
Sources = [{ Name = "edge", Action = "allow" }]
