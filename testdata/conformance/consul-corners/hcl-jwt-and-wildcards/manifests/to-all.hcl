Kind = "service-intentions"
Name = "*"
Sources = [
  { Name = "web", Action = "allow" },
  { Name = "*", Action = "deny" }
]
