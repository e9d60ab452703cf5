service {
  name    = "files"
  address = "files.example"
  port    = 443
}
