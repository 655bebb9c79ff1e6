"""Real classifiers: data, models, training, votes under noise, attacks.

Needs the extra named classifier (torch, safetensors, scikit-learn); nothing that decides a claim
imports it.
"""
