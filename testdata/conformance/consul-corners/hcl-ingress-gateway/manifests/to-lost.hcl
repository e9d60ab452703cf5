Kind = "service-intentions"
Name = "lost"
Sources = [{ Name = "inner", Action = "allow" }]
