using System.Globalization;
using System.Management.Automation;

namespace IncusCompose.PowerShell.Parameters;

/// <summary>
/// Takes a number as seconds for a <see cref="TimeSpan"/> parameter. PowerShell itself would read <c>30</c> as
/// 30 units of 100 nanoseconds, which nobody means.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecondsAttribute : ArgumentTransformationAttribute
{
    /// <summary>Called by PowerShell.</summary>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var time = ToTimeSpan(value) ?? value as TimeSpan?;
        if (time < TimeSpan.Zero)
            throw new ArgumentTransformationMetadataException("A time must not be negative.");
        return time ?? inputData;
    }

    /// <summary>The time that a number of seconds is; null for what is no number.</summary>
    internal static TimeSpan? ToTimeSpan(object value)
    {
        var seconds = value switch
        {
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            string or TimeSpan => (double?)null,
            IConvertible number => number.ToDouble(CultureInfo.InvariantCulture),
            _ => null,
        };
        return seconds is { } known ? TimeSpan.FromSeconds(known) : null;
    }
}
