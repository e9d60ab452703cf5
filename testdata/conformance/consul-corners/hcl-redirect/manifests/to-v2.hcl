Kind = "service-intentions"
Name = "api-v2"
Sources = [{ Name = "web", Action = "allow" }]
