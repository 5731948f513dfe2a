import shared.a
