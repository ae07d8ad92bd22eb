"""From a state to antibodies and measurements that a clinic can use."""
