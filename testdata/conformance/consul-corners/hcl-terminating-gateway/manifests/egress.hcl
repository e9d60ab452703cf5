Kind = "terminating-gateway"
Name = "egress"
Services = [
  { Name = "billing" },
  {
    Name   = "ledger"
    CAFile = "/etc/certs/ca.pem"
  },
  { Name = "files" }
]
