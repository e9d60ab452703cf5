Kind = "service-intentions"
Name = "db"
Sources = [{ Name = "*", Action = "allow" }]
