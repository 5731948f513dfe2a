from shared.validation.old import check
from shared.validation.new import recheck
