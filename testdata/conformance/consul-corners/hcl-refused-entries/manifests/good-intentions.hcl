Kind = "service-intentions"
Name = "good"
Sources = [{ Name = "web", Action = "deny" }]
