server  = true
encrypt = "${GOSSIP_KEY}"
