from shared.service import handle
