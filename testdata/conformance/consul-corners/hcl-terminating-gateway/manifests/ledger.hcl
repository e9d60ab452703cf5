service {
  name    = "ledger"
  address = "ledger.example"
  port    = 443
}
