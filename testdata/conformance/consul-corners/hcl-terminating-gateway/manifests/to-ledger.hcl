Kind = "service-intentions"
Name = "ledger"
Sources = [{ Name = "web", Action = "allow" }]
