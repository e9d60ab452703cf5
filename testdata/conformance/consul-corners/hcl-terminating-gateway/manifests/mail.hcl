service {
  name    = "mail"
  address = "mail.example"
  port    = 443
}
