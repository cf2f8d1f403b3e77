namespace IncusCompose.Operating;

/// <summary>What can be done to the instances of a stack from day to day. None of it changes what the stack is made of.</summary>
public enum StackOperation
{
    /// <summary>Start what is stopped and resume what is paused, dependencies first.</summary>
    Start,

    /// <summary>Stop what runs or is paused, dependants first.</summary>
    Stop,

    /// <summary>Restart what runs and start what is stopped, dependencies first.</summary>
    Restart,

    /// <summary>Pause all processes of what runs, dependants first.</summary>
    Pause,

    /// <summary>Let what is paused go on, dependencies first.</summary>
    Resume,

    /// <summary>End at once what runs or is paused, all at one time.</summary>
    Kill,
}
