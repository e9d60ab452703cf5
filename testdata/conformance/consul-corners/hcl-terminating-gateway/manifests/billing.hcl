service {
  name    = "billing"
  address = "billing.example"
  port    = 443
}
