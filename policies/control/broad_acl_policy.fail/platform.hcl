operator = "write" # deny(high): may change how Consul itself runs
acl      = "write" # deny(high): may make tokens with any right
keyring  = "write" # deny(high): may change the key that gossip is encrypted with
mesh     = "write" # deny(high): may change settings of the whole mesh
key_prefix "" {
  policy = "write" # deny(high): may change every key
}
