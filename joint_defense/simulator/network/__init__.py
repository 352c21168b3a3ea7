"""The simulated network: phones, legs, messages, faults, callbacks. It knows no HTTP."""
