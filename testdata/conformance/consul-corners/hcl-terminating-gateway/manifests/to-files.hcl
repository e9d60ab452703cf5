Kind = "service-intentions"
Name = "files"
Sources = [{ Name = "web", Action = "allow" }]
