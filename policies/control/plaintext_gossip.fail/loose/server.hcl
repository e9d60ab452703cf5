server                  = true
encrypt                 = "${GOSSIP_KEY}"
encrypt_verify_incoming = false # deny(high): what comes without it is taken as well
encrypt_verify_outgoing = true
