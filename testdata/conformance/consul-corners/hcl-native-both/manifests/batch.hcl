service {
  name = "batch"
  port = 8083
  connect { native = true }
}
