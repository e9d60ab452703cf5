Kind = "service-intentions"
Name = "db"
Enforced = true
Sources = [{ Name = "web", Action = "deny" }]
