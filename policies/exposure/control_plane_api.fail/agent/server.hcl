server      = true
client_addr = "0.0.0.0" # deny(high): in plaintext and without anyone being asked who they are
