from .evaluation import evaluation
from .quick import finish, read_input

finish(evaluation(read_input()))
