service {
  name = "api"
  port = 8081
  connect { native = true }
}
