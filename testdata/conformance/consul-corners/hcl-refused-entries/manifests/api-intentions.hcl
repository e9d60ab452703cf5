Kind = "service-intentions"
Name = "api"
Sources = [
  { Name = "web", Action = "deny" },
  { Name = "web", Action = "deny" }
]
