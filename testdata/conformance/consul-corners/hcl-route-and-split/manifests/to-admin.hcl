Kind = "service-intentions"
Name = "admin"
Sources = [
  { Name = "web", Action = "allow" }
]
