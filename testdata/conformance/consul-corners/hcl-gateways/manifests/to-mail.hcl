Kind = "service-intentions"
Name = "mail"
Sources = [
  { Name = "web" Action = "allow" },
]
